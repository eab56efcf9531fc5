"""The screens. The only package that imports Textual.

run, app, startup      wiring: one object for each concern, held by the app (themes, keymaps, look, undo ...)
navigation, registry   a request (requests) opens a screen; the registry gives each screen the actions of its commands
screens                one screen, one file; frame is what they share
actions                what the commands do, a file per screen; each says in a protocol what it needs of the screen
protocols              what actions need of any screen, and screens of the app
commands               every command declared once (table), its keys (keymap), and which letters it fits (letters)
widgets                what screens are made of
views                  what they show: pure functions from values to lines and sentences
text                   text in terminal cells
bridge, messages       the engine's events as Textual messages
safety                 the last filter between foreign text and the terminal
textual_private        what is used of Textual beyond its documented interface
"""

"""The screens. The only room that imports Textual.

commands               every command declared once (table), its keys (keymap), and what it does, a file per screen
screens                one screen, one file; frame is what they share
widgets                what screens are made of
views                  what they say: pure functions from values to lines and words
app, navigation        which screen comes next; bridge and messages bring the engine's events
safety                 the last net between what others wrote and the terminal
"""

"""Setting up: does an account work?"""

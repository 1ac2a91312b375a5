"""接待质检: rules that a merchant can edit, applied to what bots and people really said.

`rules.py` reads them, `lint.py` tries them on their own examples, `talk.py` lays out a conversation, `scan.py` finds
what breaks a rule, `report.py` counts, `appeal.py` lets people disagree. A finding is a pure function of the log and
the rules: nothing about it is stored until somebody says something about it.
"""

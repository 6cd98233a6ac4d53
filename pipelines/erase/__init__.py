"""Erasing: a source, a speaker, an identity or a clip goes out of all that lies below a run folder.

    choose -> plan -> exclusion -> traces -> new result without it -> rooms -> search -> receipt

`plan.py` says what goes, `journal.py` keeps that until it is done, so that a second call ends what a killed
one began; `commands/erase_run.py` goes through the steps.
"""

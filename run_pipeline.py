"""Mentor from its checkout: `python run_pipeline.py` is what `mentor` is where it is installed."""

from commands.command_line import run

if __name__ == "__main__":
    run()

"""The steps of tools/build_body_model.py."""

"""Files of settings that come with Mentor: `--config fast` is `fast.yaml` of this folder."""

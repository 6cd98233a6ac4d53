#!/bin/sh
# Beam starts a worker with flags (--id=..., --worker_pool); a person starts a command.
case "${1:---help}" in
    --help | -h) exec mentor --help ;;
    -*) exec /opt/apache/beam/boot "$@" ;;
    *) exec mentor "$@" ;;
esac

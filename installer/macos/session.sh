#!/bin/sh
# What a double click begins: the agent if it is installed, else the relay itself.
launchctl kickstart "gui/$(id -u)/fr.souspli.Souspli" 2>/dev/null && exit 0
exec "$(dirname "$0")/souspli" run

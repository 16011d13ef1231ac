"""A panel with a place for icons on a virtual screen, and pictures of what stands there."""
from __future__ import annotations

import os
import pathlib
import subprocess

from . import base, desk
from .thunderbird import Screen

_PANEL = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array"><value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="36"/>
      <property name="icon-size" type="uint" value="28"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="icon-size" type="int" value="28"/>
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""
_PACKAGES = ("xfce4-panel", "Xvfb", "xdotool", "import", "convert")
_ICON = (18, 18)
# What a picture keeps: the panel and the menu below it.
_CUT = "640x330+0+0"
# In place of the empty screen.
_BEHIND = "#5b7083"


def missing():
    """What is not installed of what this needs."""
    return [name for name in _PACKAGES if not base.program(name)] + ([] if desk.available() else ["dbus-daemon"])


class PanelDesk(desk.Desk):
    """A desk that somebody can look at."""

    def __init__(self, folder: pathlib.Path, dark=False):
        super().__init__(folder)
        self._dark = dark

    def start(self):
        """With the panel, which has not found an icon yet."""
        super().start()
        self.screen = Screen("640x400x24")
        place = self._folder / "config" / "xfce4" / "xfconf" / "xfce-perchannel-xml"
        place.mkdir(parents=True)
        (place / "xfce4-panel.xml").write_text(_PANEL.format(dark=str(self._dark).lower()))
        xfconf = next(pathlib.Path("/usr/lib").glob("*/xfce4/xfconf/xfconfd"))
        self._launch(str(xfconf), log="xfconf")
        base.until(lambda: b"org.xfce.Xfconf" in self.overheard(), 10, "the settings of the panel")
        self._launch("xfce4-panel", "--disable-wm-check", log="panel")
        base.until(lambda: self._names_watcher(), 20, "a place for icons")
        return self

    def stop(self):
        """The panel, and the screen."""
        super().stop()
        self.screen.stop()

    def environment(self):
        """As the user's session has it."""
        own = dict(super().environment(), HOME=str(self._folder), XDG_CONFIG_HOME=str(self._folder / "config"), NO_AT_BRIDGE="1")
        return dict(own, DISPLAY=self.screen.display, GTK_THEME="Adwaita:dark" if self._dark else "Adwaita") if hasattr(self, "screen") else own

    def picture(self, file: pathlib.Path):
        """The menu of the only icon, opened by a click, as a small picture; it is closed again."""
        self._do("xdotool", "mousemove", *map(str, _ICON), "click", "3")
        shown = self._folder / "shown.png"
        self._until_still(shown)
        self._do("convert", str(shown), "-crop", _CUT, "-fill", _BEHIND, "-opaque", "black", "-trim", "+repage", "+dither", "-colors", "128", "-strip",
                 "-define", "png:compression-level=9", str(file))
        self._do("xdotool", "key", "Escape")
        self._until_still(shown)

    def _until_still(self, file):
        """A picture of the whole screen, once two in a row are the same and something has moved."""
        seen = []

        def still():
            self._do("import", "-window", "root", "-strip", str(file))
            seen.append(subprocess.run(["convert", str(file), "rgb:-"], capture_output=True).stdout)
            return len(seen) > 5 and seen[-1] == seen[-2] == seen[-3]
        base.until(still, 20, "a screen that does not move")

    def _names_watcher(self):
        return self.call("--dest", "org.freedesktop.DBus", "--object-path", "/", "--method", "org.freedesktop.DBus.NameHasOwner",
                         "org.kde.StatusNotifierWatcher") == "(true,)\n"

    def _do(self, *command):
        subprocess.run(command, env=dict(os.environ, **self.environment()), check=True, timeout=30, capture_output=True)

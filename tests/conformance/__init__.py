"""A runner for the scripted IMAP tests of the ImapTest project (imapwiki.org/ImapTest/ScriptedTests), written anew.

`args` reads lines, `script` the files, `matching` compares, `peer` speaks with a server, `runner` runs one script."""

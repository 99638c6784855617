"""`python -m wsmedia` is `wsmedia`."""

from wsmedia.cli.main import main

main()

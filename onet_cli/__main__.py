"""`python -m onet_cli` runs `onet`."""

from onet_cli.app import main

if __name__ == "__main__":
    main()

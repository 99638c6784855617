"""The Python client: joins a room through the tunnel, publishes files, records what others send."""

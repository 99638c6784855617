"""The gateway as an application: configuration, HTTP, sessions, the server itself."""

"""SFU adapters: each speaks one SFU's dialect, negotiates, and never touches a frame."""

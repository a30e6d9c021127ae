"""The outer ring of Vestnik: settings, secrets, logs and the process that serves the ASGI application."""

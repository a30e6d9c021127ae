"""The server half: sessions, chats, delivery. `hub.Hub` is its surface."""

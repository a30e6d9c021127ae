"""What real processes and real networks do: crashes, lost links, databases that go away."""

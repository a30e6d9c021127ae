"""What hypercorn does otherwise here than it does by itself."""

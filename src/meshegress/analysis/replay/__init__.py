"""What the requests of a log would meet: counted first, then decided once each, under two meshes."""

"""The quality contract of the course: `atelier verify` proves it, or says where it is broken."""

"""Rules and names without input or output: errors, formats of pictures, names of images and of hosts."""

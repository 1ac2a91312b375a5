"""A merchant's own shop: one folder of files that people can read and edit, and the staff who may log in.

`python -m assistant shop new S` writes the folder; what stands in it is read when the service starts. Knowledge does
not lie here: `python -m knowledge import --shop S` takes it in.
"""

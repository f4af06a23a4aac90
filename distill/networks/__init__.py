"""The networks of students and teachers, one file each, with their contract and cost."""

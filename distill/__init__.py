"""The distillery: make pairs, train teachers and students, judge them as shipped, publish the better one."""

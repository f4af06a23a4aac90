"""Pictures and recordings restored over HTTP, by worker processes behind one bounded queue.

limits     how much one request, and all of them together, may take
refusal    why a request is not carried out, with its HTTP status
kinds      pictures and recordings by their first bytes
header     the size of a picture before anything of it is decoded
options    the parameters of requests
picture    a picture file restored: decoded, restored, encoded with its EXIF and ICC profile
tasks      what the server asks of a worker, and what it is answered
recording  what a file really is, before anything is read that it names
worker     the process that decodes and restores; it may crash, hang or run out of memory
workers    those processes, as the server sees them
job        one recording to restore, and its record on the disk
jobs       recordings that are restored in the background, kept on the disk until they expire
body       the body of a request, limited in bytes and time
gate       who may ask: Host, Origin, token
metrics    what Prometheus reads
answers    what is answered, as the OpenAPI document describes it
service    all that routes need
app        the application; `pictures` and `videos` are its routes
protocol   the limits of a connection
server     start, draining and end
"""

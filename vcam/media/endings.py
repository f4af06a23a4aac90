"""The endings of files that are looked for in folders."""

READ_STILLS = frozenset(
    (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".heic", ".heif", ".avif", ".tif", ".tiff")
)
READ_VIDEOS = frozenset(
    (
        *(".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob"),
        *(".wmv", ".flv", ".3gp", ".ogv", ".264", ".265", ".y4m", ".gif"),
    )
)

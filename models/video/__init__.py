"""Motion and one photo to video.

`pairs.make_pairs` makes training examples of what `models.data` reads; the geometry they rest on is in
`body.warp`. docs/video.md tells how.
"""

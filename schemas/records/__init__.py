"""Records that travel through the pipeline, one dataclass a level, linked by the parent's id.

`None` means "not computed". Spans are half-open [start, end) in seconds or frames. Times are
seconds from the presentation time of the video's first frame; boxes are `xyxy` in pixels of
the displayed picture (after rotation, with square pixels) unless a field says otherwise.
"""

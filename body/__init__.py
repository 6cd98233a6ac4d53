"""The body model: loading, skinning, drawing and its names. It knows no pipeline and no outside model."""

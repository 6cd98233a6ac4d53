"""What the steps ask of outside models; any object with these methods will do."""

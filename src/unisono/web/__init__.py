"""The pages, the public API and the webhook doors: planned, nothing of it is built yet."""

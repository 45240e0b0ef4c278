"""Heart, breath and stillness of whole sessions, computed once for each and stored beside it."""

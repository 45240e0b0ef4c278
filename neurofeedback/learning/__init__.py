"""The personal decoder: labels from answers, training, evaluation, and its model file."""

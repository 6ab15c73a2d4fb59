"""What is said: templates in, a rendered message out."""

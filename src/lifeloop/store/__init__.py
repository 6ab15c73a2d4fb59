"""What is remembered: tables, migrations, and a few set-based statements. Rows never leave this room."""

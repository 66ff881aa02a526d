"""What is left when a run is killed, when many run at once, and when deliveries come in any order."""

"""The notifier: tells people what happened to what they asked for, and says what became of each message."""

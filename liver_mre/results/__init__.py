"""What is reported: findings, result.json, publication."""

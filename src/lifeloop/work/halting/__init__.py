"""Stopping messages before they do harm, by hand or by a breaker, and letting them go again without a flood."""

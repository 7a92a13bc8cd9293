"""Follows a lesson as a careful learner does, and says where what comes is not what it says."""

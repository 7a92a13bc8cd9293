"""Tests of the tool and of the course."""

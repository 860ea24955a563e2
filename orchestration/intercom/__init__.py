"""Intercom's search queries, taken over as segments.

What they mean is in the description of its API (https://developers.intercom.com/docs, contact search, version 2.14).
"""

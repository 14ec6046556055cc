"""Customers, requests and batches that wait for servers, one by one."""

"""SharpKD Camera: restore a bandwidth-degraded picture and publish it as a virtual camera."""

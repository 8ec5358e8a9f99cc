signed by me

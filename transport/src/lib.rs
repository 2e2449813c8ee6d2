//! PUSH/PULL over tcp, ipc and shared memory, on one socket.

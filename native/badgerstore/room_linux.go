package badgerstore

import (
	"os"
	"syscall"
)

// fcntl's F_DUPFD_CLOEXEC, which package syscall does not name everywhere.
const dupCloseOnExec = 1030

// measureRoom looks at the file system of an open directory and at the
// process's descriptors.
func measureRoom(dir *os.File) (resources, error) {
	left := resources{inodes: -1, descriptors: descriptorsLeft(dir)}
	var fs syscall.Statfs_t
	if err := syscall.Fstatfs(int(dir.Fd()), &fs); err != nil {
		return left, os.NewSyscallError("fstatfs", err)
	}
	left.bytes = int64(fs.Bavail) * int64(fs.Bsize)
	if fs.Files > 0 { // some file systems do not count
		left.inodes = int64(fs.Ffree)
	}
	return left, nil
}

// descriptorsLeft returns how many files the process may still open, or -1 if
// there are enough or nobody knows. Enough is minDescriptors, or a quarter of a
// small limit.
//
// Descriptors are given out lowest first. If the one that is so far below the
// limit is free, then all is well; that costs two system calls. If it is taken,
// there may have been a rush that is over, so it is time to count.
func descriptorsLeft(dir *os.File) int64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<30 {
		return -1
	}
	enough := min(minDescriptors, limit.Cur/4)
	mark := uintptr(limit.Cur - enough)
	if fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, dir.Fd(), dupCloseOnExec, mark); errno == 0 {
		_ = syscall.Close(int(fd))
		if fd == mark {
			return -1
		}
	}
	list, err := os.Open("/proc/self/fd")
	if err != nil {
		if pe, ok := err.(*os.PathError); ok && pe.Err == syscall.EMFILE {
			return 0
		}
		return -1
	}
	defer list.Close()
	names, err := list.Readdirnames(-1)
	if err != nil {
		return -1
	}
	if left := int64(limit.Cur) - int64(len(names)); left < int64(enough) {
		return left
	}
	return -1
}

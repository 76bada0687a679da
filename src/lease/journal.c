/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lease/journal.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LOCK_FILE "lock"
#define NEW_FILE "journal.new"
/* The file system is asked for room in such steps. */
#define ROOM_STEP 16384u
/* Ten thousand VMs' leases are 20 MB; more is no journal. */
#define JOURNAL_MOST (256u << 20)

struct journal {
	char *path; /* of the directory */
	int directory, lock, file;
	size_t size;
	size_t room;        /* bytes of the file that have their place on the disk already */
	bool room_is_known; /* the file system does keep room */
	bool broken;        /* a line was written in part and could not be cut off again */
};

const char *journal_directory(const struct journal *journal)
{
	return journal->path;
}

size_t journal_size(const struct journal *journal)
{
	return journal->size;
}

void journal_close(struct journal *journal)
{
	if (journal == NULL)
		return;
	cleanup_close(&journal->file);
	cleanup_close(&journal->lock);
	cleanup_close(&journal->directory);
	free(journal->path);
	free(journal);
}

/* -- the directory and the lock */

static int directory_check(int fd, const char *path, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_errno(err, -errno, "%s", path);
	if (status.st_uid != geteuid())
		return error_set(err, -EPERM, "%s belongs to user %u, not to %u: who owns it could "
				 "make Truce undo what was never done", path,
				 (unsigned)status.st_uid, (unsigned)geteuid());
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(err, -EPERM, "others than its owner may write in %s (mode %03o): "
				 "chmod go-w it", path, (unsigned)status.st_mode & 0777);
	return 0;
}

/* A symbolic link in place of the directory is refused. */
static int directory_open(const char *path, bool make, struct error *err)
{
	int fd, r;

	if (make && mkdir(path, 0755) == 0)
		(void)chmod(path, 0755); /* whatever the umask */
	else if (make && errno != EEXIST)
		return error_errno(err, -errno, "cannot make %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, -errno, "cannot open %s", path);
	r = directory_check(fd, path, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static struct journal *journal_new(const char *directory)
{
	struct journal *journal = calloc(1, sizeof *journal);

	if (journal == NULL)
		return NULL;
	journal->directory = journal->lock = journal->file = -1;
	journal->path = strdup(directory);
	if (journal->path == NULL) {
		journal_close(journal);
		return NULL;
	}
	return journal;
}

/* What the holder wrote into the lock: "PID NAME". */
static int lock_held(struct journal *journal, struct error *err)
{
	char text[80] = "";
	int pid = 0, name = 0;
	ssize_t got = pread(journal->lock, text, sizeof text - 1, 0);

	if (got > 0 && sscanf(text, "%d %n", &pid, &name) == 1 && pid > 0 && name > 0) {
		text[name + (int)strcspn(text + name, " \n")] = '\0';
		return error_set(err, -EBUSY, "%s (pid %d) is adjusting this host and has the lock "
				 "%s/" LOCK_FILE, text[name] != '\0' ? text + name : "somebody",
				 pid, journal->path);
	}
	return error_set(err, -EBUSY, "another part of Truce is adjusting this host and has the lock "
			 "%s/" LOCK_FILE, journal->path);
}

/* Always of one length, so that the second holder needs no new block of a full disk. */
static void lock_sign(struct journal *journal)
{
	char text[64], line[80];
	ssize_t put;

	snprintf(text, sizeof text, "%d %s", (int)getpid(), program_invocation_short_name);
	snprintf(line, sizeof line, "%-63.63s\n", text);
	put = pwrite(journal->lock, line, strlen(line), 0);
	/* Whoever finds the lock held without a name says "another part of Truce". */
	(void)put;
}

static int lock_take(struct journal *journal, struct error *err)
{
	journal->lock = openat(journal->directory, LOCK_FILE,
			       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (journal->lock < 0)
		return error_errno(err, -errno, "cannot open %s/" LOCK_FILE, journal->path);
	if (flock(journal->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? lock_held(journal, err) :
		       error_errno(err, -errno, "cannot lock %s/" LOCK_FILE, journal->path);
	lock_sign(journal);
	return 0;
}

int journal_lock(const char *directory, struct journal **ret, struct error *err)
{
	struct journal *journal = journal_new(directory);
	int r;

	if (journal == NULL)
		return error_errno(err, -ENOMEM, "the journal in %s", directory);
	journal->directory = r = directory_open(directory, true, err);
	if (r >= 0)
		r = lock_take(journal, err);
	if (r < 0) {
		journal_close(journal);
		return r;
	}
	*ret = journal;
	return 0;
}

int journal_look(const char *directory, struct journal **ret, struct error *err)
{
	struct journal *journal;

	*ret = NULL;
	if (access(directory, F_OK) < 0 && errno == ENOENT)
		return 0;
	journal = journal_new(directory);
	if (journal == NULL)
		return error_errno(err, -ENOMEM, "the journal in %s", directory);
	journal->directory = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (journal->directory < 0) {
		error_errno(err, -errno, "cannot open %s", directory);
		journal_close(journal);
		return err != NULL ? err->code : -EIO;
	}
	*ret = journal;
	return 0;
}

/* -- reading */

static ssize_t read_whole(int fd, char **ret)
{
	struct stat status;
	char *bytes;
	size_t got = 0;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size > (off_t)JOURNAL_MOST)
		return -EFBIG;
	bytes = malloc((size_t)status.st_size + 1);
	if (bytes == NULL)
		return -ENOMEM;
	while (got < (size_t)status.st_size) {
		ssize_t r = read(fd, bytes + got, (size_t)status.st_size - got);

		if (r < 0) {
			free(bytes);
			return -errno;
		}
		if (r == 0)
			break;
		got += (size_t)r;
	}
	bytes[got] = '\0';
	*ret = bytes;
	return (ssize_t)got;
}

ssize_t journal_read(struct journal *journal, char **ret, struct error *err)
{
	CLEANUP_CLOSE int fd = openat(journal->directory, JOURNAL_FILE,
				      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t size;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	size = fd < 0 ? -errno : read_whole(fd, ret);
	if (size < 0)
		error_errno(err, (int)size, "cannot read %s/" JOURNAL_FILE, journal->path);
	return size;
}

int journal_set_aside(struct journal *journal, const char *name, struct error *err)
{
	if (renameat(journal->directory, JOURNAL_FILE, journal->directory, name) < 0)
		return error_errno(err, -errno, "cannot rename %s/" JOURNAL_FILE " to %s",
				   journal->path, name);
	return 0;
}

/* -- writing */

/* Room that is kept beyond the file's end stays with the file and is used by what is appended. */
static int room_keep(struct journal *journal, int file, size_t wanted, size_t *room)
{
	size_t rounded = (wanted + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
	int r;

	if (wanted <= *room)
		return 0;
	r = fallocate(file, FALLOC_FL_KEEP_SIZE, 0, (off_t)rounded) < 0 ? -errno : 0;
	if (r == -ENOSPC) {
		rounded = wanted;
		r = fallocate(file, FALLOC_FL_KEEP_SIZE, 0, (off_t)rounded) < 0 ? -errno : 0;
	}
	/* A file system that cannot keep room: a line then finds its place or fails by itself. */
	journal->room_is_known = r != -EOPNOTSUPP && r != -ENOSYS;
	if (!journal->room_is_known)
		return 0;
	if (r == 0)
		*room = rounded;
	return r;
}

int journal_continue(struct journal *journal, size_t size, struct error *err)
{
	cleanup_close(&journal->file);
	journal->file = openat(journal->directory, JOURNAL_FILE,
			       O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (journal->file < 0)
		return error_errno(err, -errno, "cannot open %s/" JOURNAL_FILE, journal->path);
	if (ftruncate(journal->file, (off_t)size) < 0)
		return error_errno(err, -errno, "cannot cut %s/" JOURNAL_FILE, journal->path);
	journal->size = size;
	journal->room = 0;
	journal->broken = false;
	/* Leases are refused until there is room; what is set can be given back meanwhile. */
	(void)room_keep(journal, journal->file, size + 1, &journal->room);
	return 0;
}

static int replacement_make(struct journal *journal, const char *bytes, size_t size,
			    size_t reserve, size_t *room)
{
	int fd, r;

	unlinkat(journal->directory, NEW_FILE, 0);
	fd = openat(journal->directory, NEW_FILE,
		    O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = room_keep(journal, fd, size + reserve, room);
	if (r == 0)
		r = io_write_all(fd, bytes, size);
	if (r == 0 && renameat(journal->directory, NEW_FILE, journal->directory, JOURNAL_FILE) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		unlinkat(journal->directory, NEW_FILE, 0);
		return r;
	}
	return fd;
}

int journal_replace(struct journal *journal, const char *bytes, size_t size, size_t reserve,
		    struct error *err)
{
	size_t room = 0;
	int fd = replacement_make(journal, bytes, size, reserve, &room);

	if (fd < 0)
		return error_errno(err, fd, "cannot write %s/" NEW_FILE, journal->path);
	cleanup_close(&journal->file);
	journal->file = fd;
	journal->size = size;
	journal->room = room;
	journal->broken = false;
	return 0;
}

int journal_probe(struct journal *journal, size_t size, size_t reserve, struct error *err)
{
	int r;

	if (journal->broken)
		return error_set(err, -EIO, "%s/" JOURNAL_FILE " ends in a torn line that could not "
				 "be cut off", journal->path);
	r = room_keep(journal, journal->file, journal->size + size + reserve, &journal->room);
	if (r < 0)
		return error_errno(err, r, "no room in %s for the journal: nothing more is adjusted, "
				   "and what is set stays", journal->path);
	return 0;
}

/* Takes a line that was written in part off again. */
static void journal_cut(struct journal *journal)
{
	journal->broken = ftruncate(journal->file, (off_t)journal->size) < 0;
	journal->room = 0;
	(void)room_keep(journal, journal->file, journal->size + 1, &journal->room);
}

int journal_append(struct journal *journal, const char *line, size_t size, size_t reserve,
		   struct error *err)
{
	ssize_t put;
	int r = reserve > 0 || journal->broken ? journal_probe(journal, size, reserve, err) : 0;

	if (r < 0)
		return r;
	do
		put = write(journal->file, line, size);
	while (put < 0 && errno == EINTR);
	if (put == (ssize_t)size) {
		journal->size += size;
		return 0;
	}
	r = put < 0 ? -errno : -ENOSPC;
	if (put > 0)
		journal_cut(journal);
	return error_errno(err, r, "cannot write %s/" JOURNAL_FILE, journal->path);
}

// A few threads that share out numbered tasks and sleep in between.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace headcount {

/// Looks for the next run for some microseconds, then sleeps: passes that follow each other find their threads awake,
/// and an idle pool takes no core from the next point's measurement.
/// Threads start with the first run() that can use them, so that a pool that only counts costs nothing.
class ThreadPool {
public:
    explicit ThreadPool(int num_threads);
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool();

    int num_threads() const { return num_threads_; }

    /// Calls task(index, thread) for every index in [0, count) and returns when all are done; `thread` is below
    /// num_threads(), and the caller works too. Allocates nothing once the threads run. The first exception of a
    /// task is rethrown here, after the others have ended. Not reentrant.
    template <class Task>
    void run(std::int64_t count, const Task& task) {
        run_erased(
            count,
            [](const void* erased, std::int64_t index, int thread) {
                (*static_cast<const Task*>(erased))(index, thread);
            },
            &task);
    }

private:
    using Call = void (*)(const void* task, std::int64_t index, int thread);
    void run_erased(std::int64_t count, Call call, const void* task);
    void start();
    void serve(int thread);
    void work(int thread);

    const int num_threads_;
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    // Written under the mutex; read without it only to see whether waiting is over.
    std::atomic<std::uint64_t> generation_ = 0;  ///< of the current run; a helper joins each one once
    std::atomic<bool> stopping_ = false;
    std::atomic<int> working_ = 0;
    std::int64_t next_ = 0, count_ = 0;
    Call call_ = nullptr;
    const void* task_ = nullptr;
    std::exception_ptr failure_;
};

}  // namespace headcount

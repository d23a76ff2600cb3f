#include "harness/core/parallel.hpp"

#include <algorithm>
#include <chrono>

namespace headcount {
namespace {

// Longer than the gap between two passes of a sample or two verbs of a pass, and much shorter than a sample: waking a
// sleeping thread took 50 to 100 us here, 4 to 8 % of a pass of 1.3 ms.
constexpr std::chrono::microseconds kLook{30};

/// Returns as soon as `over` says so, at the latest after kLook.
template <class F>
void look_for(const F& over) {
    const auto until = std::chrono::steady_clock::now() + kLook;
    while (!over() && std::chrono::steady_clock::now() < until) {
    }
}

}  // namespace

ThreadPool::ThreadPool(int num_threads) : num_threads_(std::max(1, num_threads)) {}

ThreadPool::~ThreadPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::start() {
    threads_.reserve(static_cast<std::size_t>(num_threads_ - 1));
    for (int thread = static_cast<int>(threads_.size()) + 1; thread < num_threads_; ++thread) {
        threads_.emplace_back([this, thread] { serve(thread); });
    }
}

void ThreadPool::run_erased(std::int64_t count, Call call, const void* task) {
    if (num_threads_ == 1 || count <= 1) {
        for (std::int64_t index = 0; index < count; ++index) call(task, index, 0);
        return;
    }
    if (threads_.empty()) start();
    {
        const std::lock_guard lock(mutex_);
        next_ = 0;
        count_ = count;
        call_ = call;
        task_ = task;
        failure_ = nullptr;
        working_ = static_cast<int>(threads_.size());
        ++generation_;
    }
    wake_.notify_all();
    work(0);
    look_for([this] { return working_ == 0; });
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return working_ == 0; });
    if (failure_) std::rethrow_exception(failure_);
}

void ThreadPool::serve(int thread) {
    std::uint64_t seen = 0;
    for (;;) {
        look_for([&] { return stopping_ || generation_ != seen; });
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
            if (stopping_) return;
            seen = generation_;
        }
        work(thread);
        const std::lock_guard lock(mutex_);
        if (--working_ == 0) done_.notify_one();
    }
}

void ThreadPool::work(int thread) {
    // Tasks are whole matrices or blocks of rows, so that taking a number under the lock costs nothing beside them.
    for (;;) {
        std::int64_t index = 0;
        {
            const std::lock_guard lock(mutex_);
            if (next_ == count_) return;
            index = next_++;
        }
        try {
            call_(task_, index, thread);
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
            next_ = count_;
        }
    }
}

}  // namespace headcount

#include "harness/stats/spectrum.hpp"

#include <cmath>

#include <Eigen/Eigenvalues>

#include "harness/core/error.hpp"

namespace headcount {

double effective_rank(std::span<const double> matrix, std::size_t n) {
    if (n == 0 || matrix.size() != n * n) throw Error("no square matrix");
    const auto size = static_cast<Eigen::Index>(n);
    const Eigen::Map<const Eigen::MatrixXd> square(matrix.data(), size, size);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(square, Eigen::EigenvaluesOnly);
    double sum = 0;
    for (const double value : solver.eigenvalues()) sum += value > 0 ? value : 0;
    double entropy = 0;
    for (const double value : solver.eigenvalues()) {
        if (value > 0) entropy -= value / sum * std::log(value / sum);
    }
    return std::exp(entropy);
}

}  // namespace headcount

using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;

namespace ExchangeOnlineManagement.Commands;

/// <summary>
/// The log of a connection: a CSV file with a line for each command that failed, or for each command. It holds no values
/// of parameters and is sent to nobody.
/// </summary>
internal sealed class CommandLog : IDisposable
{
    /// <summary>Where it is when nobody says.</summary>
    internal static string UsualFolder => Path.Combine(Path.GetTempPath(), "EXOCmdletTelemetry");

    /// <summary>Makes the file.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    internal static CommandLog Open(string folder, LogLevel level, bool measure)
    {
        Directory.CreateDirectory(folder);
        string stem = "EXOCmdletTelemetry-" + DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        for (int number = 1; ; number++)
        {
            string path = Path.Combine(folder, number == 1 ? stem + ".csv" : $"{stem}-{number}.csv");
            try
            {
                var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
                return new CommandLog(new StreamWriter(file, new UTF8Encoding(false)) { AutoFlush = true }, level, measure);
            }
            catch (IOException) when (File.Exists(path) && number < MostNumbers)
            {
                // Another connection of the same second.
            }
        }
    }

    private CommandLog(StreamWriter writer, LogLevel level, bool measure)
    {
        _writer = writer;
        _level = level;
        _measure = measure;
        writer.WriteLine("Time,ConnectionId,Command,Status,Errors,ErrorId" + (measure ? ",Milliseconds,Objects,WorkingSetBytes" : string.Empty));
    }

    /// <summary>Writes the line of a command that has ended.</summary>
    /// <param name="connection">Where it ran.</param>
    /// <param name="command">Its name.</param>
    /// <param name="errors">How many errors it had.</param>
    /// <param name="errorId">The identifier of the last one.</param>
    /// <param name="time">How long it took.</param>
    /// <param name="objects">How many objects it gave.</param>
    internal void Write(Guid connection, string command, int errors, string? errorId, TimeSpan time, long objects)
    {
        if (errors == 0 && _level == LogLevel.Default && !_measure)
        {
            return;
        }
        string line = string.Join(
            ',', DateTime.UtcNow.ToString("o", CultureInfo.InvariantCulture), connection, command,
            errors == 0 ? "Success" : "Failure", errors, Quoted(errorId ?? string.Empty));
        if (_measure)
        {
            using var own = Process.GetCurrentProcess();
            line += string.Create(CultureInfo.InvariantCulture, $",{(long)time.TotalMilliseconds},{objects},{own.WorkingSet64}");
        }
        lock (_writer)
        {
            try
            {
                _writer.WriteLine(line);
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // A full disk must not end the command that the line is about.
            }
        }
    }

    public void Dispose()
    {
        lock (_writer)
        {
            _writer.Dispose();
        }
    }

    private static string Quoted(string text) => '"' + text.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    private const int MostNumbers = 1000;

    private readonly StreamWriter _writer;
    private readonly LogLevel _level;
    private readonly bool _measure;
}

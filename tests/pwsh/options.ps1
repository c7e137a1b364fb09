# What the parameters of the connecting commands do, besides where and how they connect.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement

# What one connection wrote to a stream, and then ends it.
function Get-Said([hashtable] $With, [string] $Command = 'Connect-ExchangeOnline') {
    $parameters = @{
        ConnectionUri = $env:EXO_LAB_REST_URL; AzureADAuthorizationEndpointUri = $env:EXO_LAB_AUTHORITY; Credential = Get-LabCredential
    }
    foreach ($name in $With.Keys) { $parameters[$name] = $With[$name] }
    $said = @(& $Command @parameters *>&1)
    Disconnect-Lab
    $said
}
function Select-Verbose($Said) { @($Said | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | ForEach-Object Message) }
function Select-Shown($Said) { @($Said | Where-Object { $_ -is [System.Management.Automation.InformationRecord] } | ForEach-Object MessageData) }

Check 'a parameter without meaning here is accepted, with one verbose line' {
    $certificate = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=x', [System.Security.Cryptography.RSA]::Create(2048), 'SHA256', [System.Security.Cryptography.RSASignaturePadding]::Pkcs1).CreateSelfSigned([DateTime]::Now, [DateTime]::Now.AddDays(1))
    $cases = @{
        'Connect-ExchangeOnline' = @{
            DisableWAM = $true; EXOModuleBasePath = '/tmp'; FormatTypeName = 'x'; SigningCertificate = $certificate
            SkipLoadingCmdletHelp = $true; SkipLoadingFormatData = $true; UseMultithreading = $false
        }
        'Connect-IPPSSession'    = @{ DisableWAM = $true; EXOModuleBasePath = '/tmp'; FormatTypeName = 'x'; EnableSearchOnlySession = $true }
    }
    foreach ($command in $cases.Keys) {
        foreach ($name in $cases[$command].Keys) {
            $lines = @(Select-Verbose (Get-Said @{ $name = $cases[$command][$name]; Verbose = $true } $command) | Where-Object { $_ -like '* changes nothing: *' })
            Assert-Equal $lines.Count 1 "lines of $command -$name"
            Assert-Like $lines[0] "-$name changes nothing: ?*." "$command -$name"
        }
        $lines = @(Select-Verbose (Get-Said @{ Verbose = $true } $command) | Where-Object { $_ -like '* changes nothing: *' })
        Assert-Equal $lines.Count 0 "lines of $command without them"
    }
}

Check 'the banner is shown, and not with -ShowBanner:$false' {
    foreach ($command in 'Connect-ExchangeOnline', 'Connect-IPPSSession') {
        Assert-Like ((Select-Shown (Get-Said @{} $command)).Message -join '|') '*Get-Command -Module tmpEXO*' $command
        Assert-True (((Select-Shown (Get-Said @{ ShowBanner = $false } $command)).Message -join '|') -notlike '*Get-Command -Module tmpEXO*') "no banner of $command"
    }
}

Check 'an address that the user gave is named in green' {
    $shown = Select-Shown (Get-Said @{ ShowBanner = $false })
    foreach ($line in "Using ConnectionUri:'$env:EXO_LAB_REST_URL'", "Using AzureADAuthorizationEndpointUri:'$env:EXO_LAB_AUTHORITY'") {
        $one = @($shown | Where-Object Message -EQ $line)
        Assert-Equal $one.Count 1 $line
        Assert-Equal $one[0].ForegroundColor ([ConsoleColor]::Green) $line
    }
    $said = @()
    try { Connect-ExchangeOnline -ExchangeEnvironmentName O365China -AzureADAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY -Credential (Get-LabCredential -Password 'wrong') -ShowBanner:$false -InformationVariable said 6>$null } catch { }
    Assert-Equal "$($said[0].MessageData.Message)" "Using ExchangeEnvironmentName:'O365China'"
}

Check 'connecting and importing is tracked by a progress bar, unless that is not wanted' {
    foreach ($case in @{ Wanted = $true }, @{ Wanted = $false }) {
        $shell = New-Shell
        $null = Invoke-In $shell $ConnectScript.Replace('Connect-Lab', "`$ProgressPreference = 'Continue'; Connect-Lab @{ ShowProgress = `$$($case.Wanted); ConnectionUri = `$env:EXO_LAB_REST_URL }; `$ProgressPreference = 'SilentlyContinue'; Disconnect-Lab")
        Assert-Equal $shell.HadErrors $false "$($shell.Streams.Error)"
        $records = @($shell.Streams.Progress)
        if ($case.Wanted) {
            Assert-True (3 -lt $records.Count) 'progress records'
            Assert-Equal (($records.ActivityId | Sort-Object -Unique) -join ' ') '1905347799'
            Assert-Equal $records[0].Activity 'Creating implicit remoting module ...'
            Assert-Like ($records.StatusDescription -join '|') '*Signing in*Getting command information from remote session ... * commands received*'
            Assert-Equal $records[-1].RecordType ([System.Management.Automation.ProgressRecordType]::Completed)
        }
        else { Assert-Equal $records.Count 0 'progress records' }
        $shell.Runspace.Dispose()
    }
}

Check 'one credential serves for several connections' {
    $credential = Get-LabCredential
    Connect-Lab @{ Credential = $credential }
    Connect-Lab @{ Credential = $credential; Prefix = 'Second' }
    Assert-Equal (Get-ConnectionInformation).Count 2 'connections'
    Disconnect-Lab
}

$folder = Join-Path ([System.IO.Path]::GetTempPath()) "exo log é $PID"

Check 'the log has the commands that failed' {
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; EnableErrorReporting = $true; LogDirectoryPath = $folder }
    $id = (Get-ConnectionInformation).ConnectionId
    $null = Get-AcceptedDomain
    Get-Mailbox nobody -ErrorAction SilentlyContinue
    Disconnect-Lab
    $file = @(Get-ChildItem $folder)
    Assert-Equal $file.Count 1 'files'
    Assert-True ($file[0].Name -match '^EXOCmdletTelemetry-\d{8}-\d{6}\.csv$') $file[0].Name
    $lines = @(Import-Csv $file[0])
    Assert-Equal $lines.Count 1 'lines'
    Assert-Equal $lines[0].Command 'Get-Mailbox'
    Assert-Equal $lines[0].Status 'Failure'
    Assert-Equal $lines[0].ConnectionId "$id"
    Assert-Like $lines[0].ErrorId '?*'
    Remove-Item $folder -Recurse
}

Check 'with -LogLevel All it has every command, with -TrackPerformance times and sizes' {
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; LogLevel = 'All'; LogDirectoryPath = $folder; TrackPerformance = $true }
    $count = @(Get-AcceptedDomain).Count
    Get-Mailbox nobody -ErrorAction SilentlyContinue
    Disconnect-Lab
    $lines = @(Import-Csv (Get-ChildItem $folder))
    Assert-Equal ($lines.Command -join ' ') 'Get-AcceptedDomain Get-Mailbox'
    Assert-Equal ($lines.Status -join ' ') 'Success Failure'
    Assert-Equal ([int]$lines[0].Objects) $count 'objects'
    Assert-True (0 -le [int]$lines[0].Milliseconds) 'milliseconds'
    Assert-True (1MB -lt [long]$lines[0].WorkingSetBytes) 'memory'
    Remove-Item $folder -Recurse
}

Check 'a folder that cannot be written is refused before anything is sent' {
    $failure = Get-Failure { Connect-Lab @{ LogDirectoryPath = '/dev/null/x' } }
    Assert-Like $failure.FullyQualifiedErrorId 'LogNotWritable,*'
    Assert-Equal $failure.CategoryInfo.Category ([System.Management.Automation.ErrorCategory]::WriteError)
}

Check '-TrackPerformance shows while a command runs what has come' {
    $shell = New-Shell
    $null = Invoke-In $shell $ConnectScript.Replace('Connect-Lab', "Connect-Lab @{ ConnectionUri = `$env:EXO_LAB_REST_URL; TrackPerformance = `$true; LogDirectoryPath = '$folder' }; `$ProgressPreference = 'Continue'; `$null = Get-Mailbox; Disconnect-Lab")
    Assert-Equal $shell.HadErrors $false "$($shell.Streams.Error)"
    $records = @($shell.Streams.Progress | Where-Object Activity -EQ 'Get-Mailbox')
    Assert-Like $records[0].StatusDescription '* objects, * s'
    Assert-Equal $records[-1].RecordType ([System.Management.Automation.ProgressRecordType]::Completed)
    $shell.Runspace.Dispose()
    Remove-Item $folder -Recurse
}

Check 'New-PSSessionOption has the parameters it has on Windows' {
    $option = New-PSSessionOption -ProxyAccessType IEConfig -ProxyAuthentication Negotiate -ProxyCredential (Get-LabCredential) -OpenTimeout 1000 -OperationTimeoutMSec 2000 -IdleTimeout 3000 -CancelTimeout 4000 -Culture de-DE -MaximumRedirection 2 -MaximumReceivedObjectSize 10MB -NoCompression -ApplicationArguments @{ a = 1 }
    Assert-Equal $option.GetType() ([System.Management.Automation.Remoting.PSSessionOption])
    Assert-Equal "$($option.ProxyAccessType) $($option.ProxyAuthentication) $($option.OpenTimeout.TotalSeconds) $($option.OperationTimeout.TotalSeconds) $($option.IdleTimeout.TotalSeconds) $($option.CancelTimeout.TotalSeconds)" 'IEConfig Negotiate 1 2 3 4'
    Assert-Equal "$($option.Culture) $($option.MaximumConnectionRedirectionCount) $($option.MaximumReceivedObjectSize) $($option.NoCompression)" 'de-DE 2 10485760 True'
    $usual = New-PSSessionOption
    $own = [System.Management.Automation.Remoting.PSSessionOption]::new()
    foreach ($property in $own.psobject.Properties.Name) { Assert-Equal "$($usual.$property)" "$($own.$property)" $property }
    Assert-Like (Get-Failure { New-PSSessionOption -ProxyCredential (Get-LabCredential) }).FullyQualifiedErrorId 'InvalidProxyCredential,*'
    Assert-Like (Get-Failure { New-PSSessionOption -ProxyAccessType IEConfig -ProxyAuthentication Kerberos }).FullyQualifiedErrorId '*ProxyAuthentication*'
}

Check 'what cannot be heeded of -PSSessionOption is said' {
    $option = New-PSSessionOption -SkipCACheck -SkipCNCheck
    $said = Get-Said @{ PSSessionOption = $option }
    Assert-Like "$($said | Where-Object { $_ -is [System.Management.Automation.WarningRecord] })" '*the certificate of the server is always checked*'
    $option = New-PSSessionOption -SkipRevocationCheck -NoCompression
    Assert-Like "$(Select-Verbose (Get-Said @{ PSSessionOption = $option; Verbose = $true }))" '*Of -PSSessionOption this changes nothing: SkipRevocationCheck, NoCompression.*'
    foreach ($uri in $env:EXO_LAB_URL, $env:EXO_LAB_REST_URL) {
        foreach ($mode in 'Block', 'Drop') {
            $option = New-PSSessionOption -OutputBufferingMode $mode
            Assert-Equal "$($option.OutputBufferingMode)" $mode
            $said = Select-Verbose (Get-Said @{ ConnectionUri = $uri; PSSessionOption = $option; Verbose = $true; WarningAction = 'Ignore' })
            Assert-Like "$said" '*Of -PSSessionOption this changes nothing: OutputBufferingMode.*' "$mode at $uri"
        }
        $said = Select-Verbose (Get-Said @{ ConnectionUri = $uri; PSSessionOption = New-PSSessionOption; Verbose = $true; WarningAction = 'Ignore' })
        Assert-True ("$said" -notlike '*Of -PSSessionOption*') "nothing is said of what nobody set at $uri"
    }
}

Check '-ProxyCredential is what the proxy of the environment is told' {
    # A proxy that keeps what it hears and refuses it, until it is stopped.
    $proxy = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $proxy.Start()
    $lines = [System.Collections.Concurrent.ConcurrentQueue[string]]::new()
    $shell = New-Shell
    $null = $shell.AddScript({
            param($proxy, $lines)
            $refusal = [System.Text.Encoding]::ASCII.GetBytes("HTTP/1.1 403 Forbidden`r`nContent-Length: 0`r`nConnection: close`r`n`r`n")
            while ($true) {
                try { $client = $proxy.AcceptTcpClient() } catch { return }
                $reader = [System.IO.StreamReader]::new($client.GetStream())
                while ($line = $reader.ReadLine()) { $lines.Enqueue($line) }
                $client.GetStream().Write($refusal)
                $client.Dispose()
            }
        }.ToString()).AddArgument($proxy).AddArgument($lines)
    $running = $shell.BeginInvoke()
    $env:HTTPS_PROXY = "http://$($proxy.LocalEndpoint)"
    try {
        $option = New-PSSessionOption -ProxyAccessType IEConfig -ProxyCredential ([pscredential]::new('ana', (ConvertTo-SecureString 'a b:c' -AsPlainText -Force)))
        $failure = Get-Failure { Connect-Lab @{ ConnectionUri = 'https://mail.contoso.example/powershell/'; PSSessionOption = $option } }
    }
    finally {
        $env:HTTPS_PROXY = $null
        $proxy.Stop()
        $null = $shell.EndInvoke($running)
        $shell.Runspace.Dispose()
    }
    Assert-True (0 -lt $lines.Count) "the proxy was asked ($failure)"
    Assert-Like @($lines)[0] 'CONNECT *:* HTTP/1.1'
    $told = [Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes('ana:a b:c'))
    Assert-True ($lines -match "^proxy-authorization: Basic $([regex]::Escape($told))$") "the credential in $($lines -join '|')"
    $warned = @(Get-Said @{ PSSessionOption = $option } | Where-Object { $_ -is [System.Management.Automation.WarningRecord] })
    Assert-Like "$warned" '*ProxyCredential is for a proxy, and none is named by the variable HTTPS_PROXY.*'
}

Check 'the time limits and the redirection of -PSSessionOption are heeded' {
    # A port where somebody listens and nobody answers.
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.Start()
    $option = New-PSSessionOption -OpenTimeout 50
    $failure = Get-Failure { Connect-Lab @{ ConnectionUri = "https://$($listener.LocalEndpoint)/powershell/"; PSSessionOption = $option } }
    $listener.Stop()
    Assert-Like $failure.Exception.Message '*within 0.05 s*'
    foreach ($kind in 'IEConfig', 'WinHttpConfig', 'AutoDetect', 'NoProxyServer') {
        Connect-Lab @{ PSSessionOption = New-PSSessionOption -ProxyAccessType $kind }
        Disconnect-Lab
    }
}

Check 'what -PSSessionOption limits is what the library is told, and it takes it' {
    $option = New-PSSessionOption -OpenTimeout 20000 -OperationTimeout 60000 -IdleTimeout 120000 -MaximumReceivedObjectSize 10MB -MaximumReceivedDataSizePerCommand 20MB -MaximumRedirection 0 -MaxConnectionRetryCount 2
    $told = [System.Collections.Generic.Dictionary[string, object]]::new()
    $type = (Get-Module ExchangeOnlineManagement).ImplementingAssembly.GetType('ExchangeOnlineManagement.Commands.SessionOptions')
    $null = $type.GetMethod('AddTo', [System.Reflection.BindingFlags] 'NonPublic, Static').Invoke($null, @($told, $option.psobject.BaseObject, [Action[string]] { }, [Action[string]] { }))
    $names = ($told.Keys | Sort-Object | ForEach-Object { "$_=$($told[$_])" }) -join ' '
    Assert-Equal $names 'allowRedirection=False connectTimeoutMs=20000 idleTimeoutMs=120000 maxConnectionRetryCount=2 maxMessageLen=20971520 maxObjectLen=10485760 openTimeoutMs=20000 operationTimeoutMs=60000'
    Connect-Lab @{ PSSessionOption = $option }
    Assert-True (0 -lt @(Get-AcceptedDomain).Count) 'accepted domains'
    Disconnect-Lab
}

Check '-LoadCmdletHelp lets Get-Help describe the commands, and -Online finds the page without it' {
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; LoadCmdletHelp = $true }
    $help = Get-Help Get-Mailbox -Full
    Assert-Like "$($help.Synopsis)" '*Get-Mailbox*'
    Assert-Like "$(Get-Help Get-Mailbox -Full | Out-String)" '*learn.microsoft.com*get-mailbox*'
    Assert-Equal (Get-Command Get-Mailbox).HelpUri 'https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailbox'
    Disconnect-Lab
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL }
    Assert-Equal (Get-Command Get-Mailbox).HelpUri 'https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailbox'
    Disconnect-Lab
}

Complete
